// What an interrupted copy of somebody's own leaves: a directory without metadata.
new File(basedir, 'cache/broken').mkdirs()
