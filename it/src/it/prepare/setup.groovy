import java.nio.file.Files
// The image alone: nothing here needs symbols.
def link = { name, file -> Files.createSymbolicLink(new File(basedir, name).toPath(), new File(file).toPath()) }
link('linux-image.deb', kernelPackages.split(',').find { !it.contains('-dbg_') })
new File(basedir, 'linux/arch/x86/boot').mkdirs()
link('linux/arch/x86/boot/bzImage', kernelImage)
return true
