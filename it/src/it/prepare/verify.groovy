def log = { new File(basedir, it).text }
def lines = { name, text -> new File(basedir, name).readLines().findAll { it.contains(text) } }
def properties = { name ->
    def read = new Properties()
    new File(basedir, name).withReader('UTF-8') { read.load(it) }
    return read
}
File cache = new File(basedir, 'cache').canonicalFile

def stored = (log('first.log') =~ /stored kernel (\S+) \(6\.1\S*, x86_64\)/).collect { it[1] }
assert stored.size() == 1 && stored[0].contains('-deb-')
def formatted = (log('first.log') =~ /formatted disk template (ext4-\S+) \(ext4, 1[67]\.0 MiB/).collect { it[1] }
assert formatted.size() == 2

// Nothing twice, and one line for each.
for (name in ['second.log', 'parallel.log', 'offline.log']) {
    assert lines(name, 'already there: kernel')*.replaceAll(/.*kernel (\S+) .*/, '$1') == stored
    assert lines(name, 'already there: disk template').size() == 2
    assert !log(name).contains('stored ') && !log(name).contains('formatted ') && !log(name).contains('unpacking')
}
assert !log('parallel.log').contains('not marked as thread-safe') && !log('parallel.log').contains('not marked @threadSafe')
assert log('removed.log').contains("removed ${stored[0]} ")
assert (log('removed.log') =~ /stored kernel (\S+) /).collect { it[1] } == stored
assert lines('removed.log', 'already there: disk template').size() == 2

// Somewhere else nothing is remembered, as after a clean: what is stored is found by the packages' checksums.
assert lines('another.log', 'already there: kernel').size() == 1

def expected = properties('target/ktstr/prepared.properties')
assert expected == ['ktstr.cacheDir': cache.path, 'ktstr.kernel': stored[0], 'ktstr.kernels': stored[0]]
assert new File(basedir, 'target/ktstr/prepared.properties').readLines().size() == 3 // no date
assert new File(basedir, 'another/ktstr/prepared.properties').text == new File(basedir, 'target/ktstr/prepared.properties').text
def reports = new File(basedir, 'target/failsafe-reports').listFiles().findAll { it.name.startsWith('TEST-') }
        .collect { new groovy.xml.XmlSlurper().parse(it) }
assert reports.sum { it.@tests.toInteger() } == 2 && reports.every { it.@failures == 0 && it.@errors == 0 && it.@skipped == 0 }

def given = properties('out/ktstr/prepared.properties')
assert given['ktstr.kernel'] == stored[0] && given['ktstr.kernels'] == stored[0] // both selectors mean it
assert lines('properties.log', 'already there: kernel').size() == 1
assert log('properties.log').contains('already there: disk template ext4-16m-')
assert log('properties.log').contains('formatted disk template xfs-300m-')
assert log('tree.log').contains('stored kernel tree (6.1')
assert properties('out-tree/ktstr/prepared.properties')['ktstr.kernels'] == 'tree'

def both = properties('out-two/ktstr/prepared.properties')
assert both['ktstr.kernel'] == 'tree' || both['ktstr.kernel'] == stored[0]
assert both['ktstr.kernels'].split(',').sort() as List == ['more', 'tree', stored[0]].sort() && both['ktstr.kernels'].endsWith(',more')
assert log('two.log').contains('stored kernel more (6.1')
assert new File(basedir, 'out-two/ktstr/packages.properties').readLines().size() == 1

def check = { name, code, words ->
    words.each { assert log(name).contains(it) }
    assert log(name).contains(code) && log(name).contains("docs/errors.md#${code.toLowerCase()}")
    assert !log(name).contains('\tat ')
    assert !new File(basedir, "out-${name - '.log'}").exists()
}
check('missing.log', 'KT-PREP-01', ['preparing kernel "9.99"', 'there are: ', stored[0], 'mvn ktstr:kernel-store', "-Dktstr.cacheDir=$cache"])
check('missing-tree.log', 'KT-STORE-05', ["path  $cache"])
check('disk.log', 'KT-ENV-03', ['"zfs"'])
assert log('mismatch.log').contains('KT-PREP-01  preparing kernel "9.99": it was to come from linux-image.deb')
assert log('mismatch.log').contains(stored[0])

assert cache.list().findAll { !it.startsWith('xfs-300m-') } as Set == (['.locks', 'tree', 'more'] + stored + formatted) as Set
return true
