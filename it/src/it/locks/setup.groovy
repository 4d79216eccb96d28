// Locks of a store that templates share, and of the host. One is held by somebody without a record, and by somebody
// elsewhere, of whom there is only a record. Both end by themselves, should verify.groovy not come to it.
['cache/.locks/k.lock', 'cache/.locks/ext4-256m-0123456789abcdef.lock', 'cache/.locks/source-0badcafe.lock',
 'host/ktstr-llc-100000.lock', 'host/ktstr-llc-99998.lock', 'host/ktstr-cpu-0.lock', 'host/ktstr-lock-db.lock',
 'cache/.locks/holders/k.lock/7-0123abcd'].each {
    File file = new File(basedir, it)
    file.parentFile.mkdirs()
    file.text = ''
}
File record = new File(basedir, 'cache/.locks/holders/k.lock/7-0123abcd')
record.text = '{"host": "bar", "boot_id": "another", "pid_ns": 4026532512, "container": "c0ffee", "pid": 7, ' +
        '"command": "java -jar x.jar", "test": "FooIT", "mode": "LOCK_SH", "since": "2026-04-12T09:58:00Z"}'
def hold = { String option, File file ->
    def process = new ProcessBuilder('flock', option, '--no-fork', file.path, 'sh', '-c', 'echo held; exec sleep 900').start()
    assert process.inputReader().readLine() == 'held'
    return process.pid()
}
def holder = hold('-s', new File(basedir, 'cache/.locks/k.lock'))
def writer = hold('-x', record)
new File(basedir, 'holder.pid').text = holder
new File(basedir, 'writer.pid').text = writer
return true
