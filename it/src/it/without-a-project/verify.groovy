assert new File(basedir, 'list.log').text.contains('no kernel is stored yet')
assert !new File(basedir, 'cache').exists()
def help = new File(basedir, 'help.log').text
for (parameter in ['all', 'keep', 'olderThan', 'corruptOnly', 'key', 'dryRun', 'cacheDir', 'skip']) {
    assert help.contains("  $parameter")
}
assert new File(basedir, 'store.log').text.contains('stored ')
assert new File(basedir, 'verify.log').text.contains('1 of 1 entries')
assert new File(basedir, 'clean.log').text.contains('removed 1, ')
assert new File(basedir, 'stored').list() as List == ['.locks']
assert new File(basedir, 'disk-list.log').text.contains('there is none yet')
assert !new File(basedir, 'templates').exists()
def diskHelp = new File(basedir, 'disk-help.log').text
for (parameter in ['filesystem', 'size', 'label', 'variant', 'formatter', 'cacheDir', 'skip']) {
    assert diskHelp.contains("  $parameter")
}
