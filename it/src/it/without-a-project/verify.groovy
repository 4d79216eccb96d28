assert new File(basedir, 'list.log').text.contains('no kernel is stored yet')
assert !new File(basedir, 'cache').exists()
def help = new File(basedir, 'help.log').text
for (parameter in ['all', 'keep', 'olderThan', 'corruptOnly', 'key', 'dryRun', 'cacheDir', 'skip']) {
    assert help.contains("  $parameter")
}
