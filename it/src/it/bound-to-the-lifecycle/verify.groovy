def log = { new File(basedir, it).text }
assert log('first.log').contains('stored ') && log('first.log').contains('1 of 1 entries')
assert log('second.log').contains('already stored') && log('second.log').contains('1 of 1 entries')
assert !log('second.log').contains('not marked @threadSafe') && !log('second.log').contains('not marked as thread-safe')
assert log('skipped.log').contains('ktstr.skip is set') && !log('skipped.log').contains('already stored')
