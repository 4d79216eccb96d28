import java.nio.file.Files
// What stands in for a source tree: its targets are those of Linux, and make takes the kernel that the distribution has built.
def arm = System.getProperty('os.arch') == 'aarch64'
def image = arm ? 'arch/arm64/boot/Image' : 'arch/x86/boot/bzImage'
File tree = new File(basedir, 'linux')
tree.mkdirs()
new File(tree, 'Kbuild').text = '# Kbuild\n'
new File(tree, '.gitignore').text = '.*\nvmlinux\narch\n'
new File(tree, 'Makefile').text = """\
defconfig:
\tcp $kernelConfig .config
olddefconfig:
\tsed -i /CONFIG_NOBODY_KNOWS/d .config
all:
\t@echo '  LD      vmlinux'
\tln -sf $kernelVmlinux vmlinux
\tmkdir -p ${new File(image).parent}
\tcp $kernelImage $image
"""
new File(basedir, 'extra.config').text = 'CONFIG_NOBODY_KNOWS=y\n'
def git = { File where, String... words ->
    def process = (['git', '-C', where.path, '-c', 'user.name=me', '-c', 'user.email=me@example.org'] + words.toList()).execute()
    assert process.waitFor() == 0
}
// For prepare: the same without git, and other commits.
['unbuilt', 'committed', 'named'].each { name ->
    assert ['cp', '-R', tree.path, new File(basedir, name).path].execute().waitFor() == 0
}
['linux', 'committed', 'named'].each { name ->
    File where = new File(basedir, name)
    git(where, 'init', '-q')
    git(where, 'add', '-A')
    git(where, 'commit', '-q', '-m', name)
}
return true
