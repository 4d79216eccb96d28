// A template that has lost its image, and what a formatter left that was killed.
new File(basedir, 'cache/xfs-300m-broken').mkdirs()
new File(basedir, 'cache/template.img.in-flight.xfs-300m-killed.77-0123abcd').text = 'x'
return true
