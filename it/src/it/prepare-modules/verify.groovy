def count = { name, text -> new File(basedir, name).readLines().count { it.contains(text) } }
assert count('first.log', 'stored kernel') == 1
assert count('first.log', 'already there: kernel') == 2
assert count('first.log', 'formatted disk template') == 1
assert count('first.log', 'already there: disk template') == 2
assert count('second.log', 'stored kernel') == 0 && count('second.log', 'formatted disk template') == 0
assert count('second.log', 'already there: kernel') == 3
assert count('second.log', 'already there: disk template') == 3
assert count('first.log', 'not marked as thread-safe') == 0

for (module in ['one', 'two', 'three']) {
    def report = new groovy.xml.XmlSlurper().parse(new File(basedir, "$module/target/failsafe-reports/TEST-org.example.PreparedIT.xml"))
    assert report.@tests == 1 && report.@failures == 0 && report.@errors == 0 && report.@skipped == 0
}
assert !new File(basedir, 'target/ktstr').exists()
// One kernel, one template, the locks.
assert new File(basedir, 'cache').list().size() == 3
return true
