import java.nio.file.Files
// A built tree, as make leaves it: the products of the distribution's build in the places of a source tree.
File tree = new File(basedir, 'linux')
new File(tree, 'arch/x86/boot').mkdirs()
Files.copy(new File(kernelImage).toPath(), new File(tree, 'arch/x86/boot/bzImage').toPath())
Files.createSymbolicLink(new File(tree, 'vmlinux').toPath(), new File(kernelVmlinux).toPath())
Files.copy(new File(kernelConfig).toPath(), new File(tree, '.config').toPath())
new File(tree, 'Kbuild').text = '# Kbuild\n'
def git = { String... words ->
    def process = (['git', '-C', tree.path, '-c', 'user.name=me', '-c', 'user.email=me@example.org'] + words.toList()).execute()
    assert process.waitFor() == 0
}
git('init', '-q')
new File(tree, '.gitignore').text = '*\n!Kbuild\n' // as in Linux, what is built is ignored
git('add', 'Kbuild')
git('commit', '-q', '-m', 'a kernel')
