import groovy.json.JsonSlurper

def text = new File(basedir, 'text.log').text
for (name in ['java', 'system', 'native access', 'cache', 'cache mode', 'nameless files', 'fsync', 'flock', 'holders',
              'setpriv', 'busybox', 'mkfs.ext4', 'kernels', 'orphans', 'guest', 'processors', 'memory']) {
    assert text =~ /(?m)^\[INFO\] OK    ${name} {2,}\S/, name
}
assert text =~ /(?m)^\[INFO\] OK    guest +kernel \S+ booted under (KVM|TCG), ran a command/
assert text =~ /(?m)^\[INFO\] FAIL  lock directory +\S+missing\/locks \(KTSTR_LOCK_DIR\) is not there/
assert text =~ /(?m)^\[INFO\] +(sudo )?mkdir -p -m 1777 \S+missing\/locks$/
assert text =~ /(?m)^\[INFO\] WARN  surefire +maven-surefire-plugin 3\.2\.5 .*older than 3\.6/
assert text =~ /(?m)^\[INFO\] OK    failsafe +maven-failsafe-plugin 3\.6\.1$/
assert text =~ /(?m)^\[INFO\] \d+ OK, \d+ WARN, 1 FAIL$/
assert text.contains('BUILD SUCCESS')

def document = new JsonSlurper().parse(new File(basedir, 'target/doctor.json'))
assert document.keySet() as List == ['checks', 'ok', 'warn', 'fail']
assert document.checks.every { it.keySet() as List == ['name', 'level', 'found', 'remedy'] }
assert document.checks.collect { it.level }.toSet() == ['OK', 'WARN', 'FAIL'].toSet()
assert document.ok == document.checks.count { it.level == 'OK' }
assert document.warn == document.checks.count { it.level == 'WARN' }
assert document.checks.findAll { it.level == 'FAIL' }*.name == ['lock directory'] && document.fail == 1
def check = { name -> document.checks.find { it.name == name } }
assert check('cache').found.contains('empty (ktstr.cacheDir)') && check('cache').found.contains('not there yet')
assert check('guest').level == 'WARN' && check('guest').found.contains('no kernel')
assert check('guest').remedy[-1] =~ /^mvn dev\.ktstr:ktstr-maven-plugin:\S+:kernel-store .*-Dktstr\.cacheDir=\S*empty$/
assert check('surefire').remedy.join('\n').contains('<version>3.6.1</version>')

def strict = new File(basedir, 'strict.log').text
assert strict.contains('KT-DOCTOR-01  examining this machine: ') && strict =~ /(?m)^\[ERROR\]   lock directory: \S+missing\/locks/
assert strict.contains('BUILD FAILURE') && !strict.contains('at dev.ktstr')

// Nothing is left behind.
assert !new File(basedir, 'empty').exists() && !new File(basedir, 'missing').exists()
assert new File(basedir, 'cache').list().findAll { it.startsWith('.') } == ['.locks']
assert basedir.list().findAll { it.startsWith('.disks-') || it.startsWith('.ktstr') } == []
return true
