import groovy.json.JsonSlurper

def log = { new File(basedir, it).text }
def entries = new File(basedir, 'cache').listFiles().findAll { !it.name.startsWith('.') }
assert entries.size() == 4
def key = (log('first.log') =~ /stored (local-\S+)/)[0][1]
assert key ==~ /local-[0-9a-f]{7}-\w+-kc[0-9a-f]{8}/
assert log('first.log').contains('building on 1 processor')
assert log('first.log').contains("stored $key")
assert log('first.log').contains(', stripped from ')
assert new File(basedir, 'target/ktstr').list().any { it ==~ /kernel-build-[0-9a-f]{8}\.log/ }

assert log('second.log').contains("already stored: $key")
assert log('second.log').contains('-Dktstr.replace builds it again')
assert !log('second.log').contains('building on')

assert log('dropped.log').contains('KT-BUILD-03')
assert log('dropped.log').contains('CONFIG_NOBODY_KNOWS=y (extra.config) became n')

def document = new JsonSlurper().parse(new File(basedir, 'target/kernels.json'))
def entry = document.entries.find { it.key == key }
assert entry.key == key
assert entry.kconfig_status == 'matches'
assert entry.ktstr_kconfig_hash == document.current_ktstr_kconfig_hash

// What nobody has built yet, prepare builds, and stores as what it is if no commit tells.
def prepared = entries*.name.find { it.contains('-tree-') }
assert prepared ==~ /.+-tree-\w+-[0-9a-f]{8}/
assert log('prepared.log').contains('built in ') && log('prepared.log').contains('no commit will tell what is built here')
assert log('prepared.log').contains("stored kernel $prepared (")
assert log('again.log').contains("already there: kernel $prepared (") && !log('again.log').contains('built in ')
// A commit is stored under it, or by the name it was given, and found again there though it is built by then.
def committed = entries*.name.find { it.startsWith('local-') && it != key }
assert committed ==~ /local-[0-9a-f]{7}-\w+-kc[0-9a-f]{8}/
[committed, 'mine'].each { name ->
    assert log('prepared.log').contains("stored kernel $name (")
    assert log('again.log').contains("already there: kernel $name (")
    assert !new File(basedir, "cache/$name/modules").exists()
}
return true
