// The image alone: nothing here needs symbols.
java.nio.file.Files.createSymbolicLink(new File(basedir, 'linux-image.deb').toPath(),
        new File(kernelPackages.split(',').find { !it.contains('-dbg_') }).toPath())
return true
