def log = { new File(basedir, it).text }
File cache = new File(basedir, 'cache')

assert log('first.log').contains('stored ')
def key = (log('first.log') =~ /stored (\S+-deb-\S+)/)[0][1]
assert log('first.log').contains(', stripped from ')
assert log('first.log') =~ /modules  \d+ to load at boot/
assert log('first.log') =~ /package  linux-image-\S+-dbg /
// In batch mode progress is a line now and then, and nothing that moves.
assert log('first.log').contains('unpacking linux-image-')
assert !log('first.log').contains('\r')

File entry = new File(cache, key)
def sha256 = { file -> java.security.MessageDigest.getInstance('SHA-256').digest(file.bytes).encodeHex().toString() }
assert sha256(new File(entry, 'bzImage')) == sha256(new File(kernelImage))
assert sha256(new File(entry, 'config')) == sha256(new File(kernelConfig))
def metadata = new groovy.json.JsonSlurper().parse(new File(entry, 'metadata.json'))
assert metadata.jvm.packages.size() == kernelPackages.split(',').size()
assert metadata.jvm.packages*.sha256 as Set == kernelPackages.split(',').collect { sha256(new File(it)) } as Set

assert log('second.log').contains("already stored: $key")
assert !log('second.log').contains('unpacking')
def seconds = (log('second.log') =~ /Total time:\s+([0-9.]+) s/)[0][1] as double
println "second run: $seconds s"

assert log('all.log').readLines().every { it.isBlank() || it.contains('WARN') }
assert metadata.jvm.modules == 'all'
def loaded = new File(entry, 'modules').list().findAll { it ==~ /\d{3}-.+\.ko/ }.sort()
assert loaded.size() > 10
File tree = new File(entry, 'modules/tree')
assert new File(tree, 'modules.dep').readLines().size() > 1000
def installed = new File(kernelModules, 'kernel')
installed.eachFileRecurse(groovy.io.FileType.FILES) { file ->
    assert new File(tree, 'kernel/' + installed.toPath().relativize(file.toPath())).size() == file.size()
}

assert log('files.log').contains("modules  ${loaded.size()} to load at boot")
assert log('look.log').contains('2 of 2 entries')
assert log('no-package.log').contains('KT-PKG-01')
assert log('both.log').contains('KT-ARG-01')
assert log('choice.log').contains('none, boot and all')
assert cache.listFiles().every { !it.name.startsWith('.tmp-') }
true
