def log = { new File(basedir, it).text }
def cache = new File(basedir, 'cache')
assert log('one.log').contains('stored 6.1') && log('another.log').contains('stored another')

// Counted from the reports: three tests for each of two kernels.
def suites = new File(basedir, 'target/failsafe-reports').listFiles().findAll { it.name ==~ /TEST-.*\.xml/ }
        .collect { new groovy.xml.XmlParser().parse(it) }
def cases = suites.collectMany { it.testcase }
assert cases.size() == 6 : cases*.@name
assert suites.every { it.@failures == '0' && it.@errors == '0' && it.@skipped == '0' }
assert cases*.@name.collect { it.replaceAll(/[\[(].*/, '') }.countBy { it }.values().every { it == 2 }

// No disk, no staging, no QEMU is left.
def left = cache.list().findAll { !(it in ['.locks', '.initramfs', 'another']) && !it.startsWith('6.1') && !(it ==~ /(ext4|btrfs)-\d+m-[0-9a-f]{16}(-u2)?/) }
assert left.isEmpty() : left
