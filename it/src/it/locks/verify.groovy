import groovy.json.JsonSlurper
import java.util.concurrent.TimeUnit

def pid = { new File(basedir, it).text as long }
def holder = pid('holder.pid')
def check = { text ->
    def document = new JsonSlurper().parseText(text)
    assert document.keySet() as List == ['llcs', 'cpus', 'cache', 'run_dirs', 'templates', 'source_trees', 'named']
    assert document.llcs*.llc_idx == [99998, 100000]
    assert document.llcs[0].keySet() as List == ['llc_idx', 'numa_node', 'lockfile', 'holders']
    assert document.llcs[0].numa_node == null && document.llcs[0].holders == []
    assert document.llcs[0].lockfile == new File(basedir, 'host/ktstr-llc-99998.lock').canonicalPath
    assert document.cpus*.cpu == [0]
    def node = new File('/sys/devices/system/cpu/cpu0').list().findAll { it ==~ /node\d+/ }.collect { it.substring(4) as int }[0]
    assert document.cpus[0].numa_node == node
    assert document.cache*.cache_key == ['ext4-256m-0123456789abcdef', 'k', 'source-0badcafe']
    assert document.run_dirs == []
    assert document.templates*.template_key == ['ext4-256m-0123456789abcdef']
    assert document.source_trees*.source_key == ['0badcafe']
    assert document.named*.name == ['db']
    def (here, elsewhere) = document.cache[1].holders
    assert here == [pid: holder, cmdline: 'sleep 900', mode: 'LOCK_SH', since: null, test: null, host: null,
                    container: null, pid_ns: null]
    assert here.keySet() as List == ['pid', 'cmdline', 'mode', 'since', 'test', 'host', 'container', 'pid_ns']
    assert elsewhere == [pid: 7, cmdline: 'java -jar x.jar', mode: 'LOCK_SH', since: '2026-04-12T09:58:00Z', test: 'FooIT',
                         host: 'bar', container: 'c0ffee', pid_ns: 4026532512]
    assert document.cache[0].holders == []
}
try {
    check(new File(basedir, 'target/locks.json').text)
    check(new File(basedir, 'quiet.log').text.replaceAll('\u001B\\[[0-9;]*m', ''))

    def text = new File(basedir, 'text.log').text
    for (heading in ['LLC locks:', 'Per-CPU locks:', 'Cache-entry locks:', 'Run-dir locks:', 'Disk-template locks:',
                     'Source-tree locks:', 'Named locks:', '(none)', 'CACHE KEY', 'LOCKFILE', 'HOLDERS', '<none recorded>']) {
        assert text.contains(heading)
    }
    assert text =~ /(?m)^\[INFO\]   k +\S+\/k\.lock +LOCK_SH pid=${holder} cmd=sleep 900$/
    assert text =~ /(?m)^\[INFO\]  +LOCK_SH pid=7 cmd=java -jar x\.jar, since 2026-04-12T09:58:00Z \(\d+d ago\), test FooIT, pid namespace 4026532512, container c0ffee, host bar$/
    assert !text.contains('\u001B[2J'), 'no terminal, no screen to clear'

    def mistake = new File(basedir, 'mistake.log').text
    assert mistake.contains('KT-ENV-03') && mistake.contains('ktstr.watch')

    // Until somebody ends it, one document per line.
    def builder = new ProcessBuilder("$mavenHome/bin/mvn", '-B', '-o', '-q', "-Dmaven.repo.local=$localRepositoryPath",
            '-Daether.enhancedLocalRepository.trackingFilename=none', // wherever it came from, it is there
            'ktstr:locks', '-Dktstr.watch=100ms', '-Dktstr.outputFile=target/watch.jsonl').directory(basedir)
    builder.environment().putAll([KTSTR_CACHE_DIR: 'cache', KTSTR_LOCK_DIR: 'host'])
    def maven = builder.redirectErrorStream(true).redirectOutput(new File(basedir, 'watch.log')).start()
    File frames = new File(basedir, 'target/watch.jsonl')
    def lines = []
    for (int i = 0; i < 600 && lines.size() < 4 && maven.alive; i++) {
        Thread.sleep(100)
        lines = frames.file ? frames.readLines() : []
    }
    maven.destroy()
    assert maven.waitFor(60, TimeUnit.SECONDS)
    assert lines.size() >= 4, new File(basedir, 'watch.log').text
    lines.take(3).each { check(it) }
} finally {
    ['holder.pid', 'writer.pid'].each { ProcessHandle.of(pid(it)).ifPresent { it.destroyForcibly() } }
}
return true
