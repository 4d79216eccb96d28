def check = { name, code, words ->
    def text = new File(basedir, name).text
    assert text.contains(code)
    words.each { assert text.contains(it) }
    assert text.contains('  fix   ')
    assert text.contains("docs/errors.md#${code.toLowerCase()}")
    assert !text.contains('\tat '), 'a user\'s mistake has no stack trace'
}
check('missing.log', 'KT-STORE-01', ['there is no such file', 'nowhere'])
check('no-kernel.log', 'KT-STORE-02', ['pom.xml'])
check('key.log', 'KT-KEY-01', ['path separators'])
check('clean.log', 'KT-ARG-01', ['contradict'])
check('duration.log', 'KT-ENV-03', ['ktstr.olderThan', 'soon', '30s'])
check('nothing.log', 'KT-STORE-01', ['no boot image'])
check('disk-size.log', 'KT-DISK-01', ['1000000 bytes are no whole number of MiB', '256M'])
check('disk-no-size.log', 'KT-DISK-01', ['"half"', '256M or 1GiB'])
check('disk-filesystem.log', 'KT-ENV-03', ['ktstr.filesystem', '"zfs"', 'ext4, xfs or btrfs'])
check('disk-xfs.log', 'KT-DISK-01', ['xfs takes at least 300 MiB', '300M or more'])
check('disk-raw.log', 'KT-ENV-03', ['ktstr.filesystem', '"raw"', 'ext4, xfs or btrfs'])
check('disk-formatter.log', 'KT-ENV-03', ['ktstr.formatter', '"cloud" is no formatter', 'set it to host or vm'])
assert !new File(basedir, 'cache').exists(), 'refused before anything is touched'
