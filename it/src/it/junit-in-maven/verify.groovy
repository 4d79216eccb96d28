import groovy.json.JsonSlurper
import groovy.xml.XmlSlurper

def log = { new File(basedir, it).text }
def suites = { String run, String runner ->
    new File(basedir, "reports/$run/$runner").listFiles().findAll { it.name.startsWith('TEST-') }.collect { new XmlSlurper().parse(it) }
}
/** Tests, failures, errors, skipped, in all; each of the four attributes, and again the elements. */
def count = { all ->
    def attributes = ['tests', 'failures', 'errors', 'skipped'].collect { name -> all.sum { it.@"$name".toInteger() } }
    def cases = all.collectMany { it.testcase.collect() }
    def elements = [cases.size()] + ['failure', 'error', 'skipped'].collect { name -> cases.count { it."$name".size() > 0 } }
    assert attributes == elements
    return attributes
}
def expectNothingLeft = { String cache ->
    assert new File(basedir, cache).list().findAll { !(it ==~ /ext4-16m-[0-9a-f]{16}(-u2)?/) } as Set == ['.locks', 'one', 'two'] as Set
    assert new File(basedir, cache).listFiles().findAll { it.name.startsWith('ext4-') }.every { it.list() == ['template.img'] as String[] }
}

for (run in ['oldest', 'newest-five', 'six', 'six-in-sequence']) {
    for (runner in ['surefire', 'failsafe']) {
        def all = suites(run, runner)
        assert count(all) == [17, 0, 0, 0], "$run by $runner"
        def tests = all.collectMany { it.testcase.collect { it.@name.text() } }
        assert tests.count { it.startsWith('aDiskForEach') } == 6
        assert tests.count { it.startsWith('test(') } == 2 && tests.count { it.startsWith('parameterized(') } == 4
        assert tests.count { it.startsWith('each(') } == 2
    }
    assert new XmlSlurper().parse(new File(basedir, "reports/$run/failsafe-summary.xml")).completed == 17
    assert log("${run}.log").contains('BUILD SUCCESS')
}
for (version in ['newest-five': '5.14.4', 'six': '6.1.3']) {
    def properties = suites(version.key, 'surefire')[0].properties.property
    assert properties.find { it.@name == 'surefire.test.class.path' }.@value.text()
            .contains("junit-jupiter-api-${version.value}.jar")
}
expectNothingLeft('cache')

for (run in ['second': 0, 'second-again': 2, 'second-later': 2]) {
    def all = suites(run.key, run.key == 'second-later' ? 'failsafe' : 'surefire')
    assert count(all) == [6, 2, 0, 0], run.key
    def failed = all.collectMany { it.testcase.findAll { it.failure.size() == 1 }.collect() }
    assert failed.every { it.@name.text() == 'bad(KernelEntry)[2]' && it.rerunFailure.size() == run.value }
    assert failed.every { it.failure.text().contains('kernel two, release ') } // what ktstr knows of it
    assert all.every { it.@flakes == 0 }
    assert log("${run.key}.log") =~ /Tests run: 6, Failures: 2, Errors: 0, Skipped: 0/
    assert log("${run.key}.log").contains('BUILD FAILURE')
}

assert new File(basedir, 'target/Halts').text == '2 disks'
assert log('halted.log').contains('The forked VM terminated without') && log('halted.log').contains('Process Exit Code: 3')
assert new File(basedir, 'target/Hangs').text == '2 disks'
assert log('killed.log').contains('There was a timeout in the fork')
assert new File(basedir, 'target/ThrowsInConstructor').text == '1 disks'
assert count(suites('thrown', 'surefire')) == [2, 0, 2, 0]
assert suites('thrown', 'surefire')[0].testcase.every { it.error.@message == 'out of the constructor' }
for (run in ['halted', 'killed', 'thrown']) {
    String cache = "cache-$run"
    expectNothingLeft(cache)
    def builder = new ProcessBuilder("$mavenHome/bin/mvn", '-B', '-o', '-q', "-Dmaven.repo.local=$localRepositoryPath",
            '-Daether.enhancedLocalRepository.trackingFilename=none', // wherever it came from, it is there
            'ktstr:locks', 'ktstr:kernel-clean', "-Dktstr.cacheDir=$cache", "-Dktstr.outputFile=target/${run}.json", '-Dktstr.all')
    def maven = builder.directory(basedir).redirectErrorStream(true).redirectOutput(new File(basedir, "after-${run}.log")).start()
    assert maven.waitFor() == 0, log("after-${run}.log")
    def locks = new JsonSlurper().parse(new File(basedir, "target/${run}.json"))
    assert locks.cache*.cache_key.containsAll(['one', 'two']) && locks.templates.size() == 1
    assert (locks.cache + locks.templates).every { it.holders == [] }
    assert new File(basedir, cache).list().every { it == '.locks' || it.startsWith('ext4-16m-') }, 'the kernels can be removed'
    new File(basedir, "$cache/.locks/holders").eachFileRecurse(groovy.io.FileType.FILES) { assert false, "$it is left" }
}

def missing = suites('missing', 'surefire')
assert count(missing) == [3, 0, 3, 0]
assert log('missing.log').contains('BUILD FAILURE')
missing*.testcase.each {
    it.each {
        String text = it.error.text()
        assert text.contains('KT-ENTRY-01') && text =~ /no stored kernel matches "9\.99[^"]*"; there are: (one, two|two, one)\n/
        assert text =~ /mvn dev\.ktstr:ktstr-maven-plugin:[0-9]\S*:kernel-store -Dktstr\.packages=/
        assert text.contains("-Dktstr.cacheDir=${new File(basedir, 'cache').canonicalPath}")
    }
}
for (run in ['aborted', 'disabled']) {
    assert count(suites(run, 'surefire')) == [3, 0, 0, 3], run
    assert log("${run}.log").contains('BUILD SUCCESS')
}
assert suites('aborted', 'surefire').every { it.testcase.every { it.skipped.@type == 'org.opentest4j.TestAbortedException' } }
assert suites('disabled', 'surefire').every { it.testcase.every { it.skipped.@message.text().contains(' in ' + new File(basedir, 'cache').canonicalPath) } }
return true
