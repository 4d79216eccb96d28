def log = { new File(basedir, it).text }
File cache = new File(basedir, 'cache')

assert log('first.log').contains('stored ')
def key = (log('first.log') =~ /stored (\S+-files-\S+)/)[0][1]
assert log('first.log').contains(', stripped from ')
assert log('second.log').contains("already stored: $key")
assert log('image.log').contains('stored only-the-image')

assert log('look.log').contains(key)
assert log('look.log').contains('2 usable, 0 corrupt')
assert log('look.log').contains('2 of 2 entries')

assert log('dry.log').contains('nothing was removed')
// Stored last, so it is the newest and stays (or, stored within one second, the first by name).
assert log('keep.log').contains('removed 1, ')
def left = cache.listFiles().findAll { it.directory && !it.name.startsWith('.') }*.name
assert left.size() == 1
assert log('all-dry.log').contains("would remove ${left[0]}")
assert new File(cache, "${left[0]}/metadata.json").file
assert cache.listFiles().every { !it.name.startsWith('.tmp-') }
