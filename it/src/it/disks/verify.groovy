import groovy.json.JsonSlurper

def log = { new File(basedir, it).text }
def cache = new File(basedir, 'cache').canonicalFile
def key = { (log(it) =~ /(?:formatted |already there: )(ext4-16m-\S+)/)[0][1] }

assert log('none.log').contains('0 usable, 1 not') && log('none.log').contains('not usable: there is no template.img')
def scratch = key('made.log')
assert scratch ==~ /ext4-16m-[0-9a-f]{16}-o[0-9a-f]{8}/
assert log('made.log').contains("formatted $scratch")
assert log('made.log').contains('ext4, 16.0 MiB, label scratch')
assert log('made.log').contains(new File(cache, "$scratch/template.img").path)
assert log('again.log').contains("already there: $scratch")
def second = key('list.log')
assert second ==~ /ext4-16m-[0-9a-f]{16}-u2/
assert log('list.log') =~ /(?m)^\[INFO\]   ${second} +16\.0 MiB +\S+ [KM]iB +20\S+Z$/
assert log('list.log').contains('2 usable, 1 not')

def check = { text ->
    def document = new JsonSlurper().parseText(text)
    assert document.keySet() == ['templates'] as Set
    assert document.templates*.key as Set == [scratch, second, 'xfs-300m-broken'] as Set
    document.templates.each {
        assert it.keySet() as List == ['key', 'path', 'filesystem', 'size', 'allocated', 'made_at', 'problem']
        assert it.path == new File(cache, it.key).path
    }
    def whole = document.templates.find { it.key == scratch }
    assert whole.filesystem == 'ext4' && whole.size == 16 << 20 && whole.problem == null
    assert whole.allocated in 1..(8 << 20)
    assert whole.made_at ==~ /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/
    def broken = document.templates.find { it.key == 'xfs-300m-broken' }
    assert broken.filesystem == 'xfs' && broken.size == 300 << 20 && broken.allocated == 0 && broken.made_at == null
    assert broken.problem == 'there is no template.img'
}
check(log('target/disks.json'))
check(log('quiet.log').replaceAll('\u001B\\[[0-9;]*m', ''))

def nothing = log('asked-for-nothing.log')
assert [scratch, second, 'xfs-300m-broken'].every { nothing.contains("would remove $it") }
assert nothing.contains('would remove 3, ') && nothing.contains('nothing was removed: say what to remove with -Dktstr.all')

def clean = log('clean.log')
assert [scratch, second, 'xfs-300m-broken'].every { clean.contains("removed $it") }
assert clean.contains('removed 3, ')
assert clean.contains('1 usable, 0 corrupt'), 'the kernel stays'

def kernels = log('kernels.log')
assert kernels.contains('removed k ') && kernels.contains('removed 1, ')
assert kernels.contains('1 usable, 0 not'), 'the template stays'
assert cache.list() as Set == ['.locks', key('kernels.log')] as Set
