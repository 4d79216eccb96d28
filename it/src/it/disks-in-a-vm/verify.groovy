def log = { new File(basedir, it).text }
def cache = new File(basedir, 'cache').canonicalFile

def refused = log('no-kernel.log')
assert refused.contains('KT-ENTRY-01  selecting a kernel by "latest"') && refused.contains('store one: ')

def vm = log('vm.log')
def key = (vm =~ /formatted (btrfs-128m-[0-9a-f]{16}-o[0-9a-f]{8})/)[0][1]
assert vm.contains('btrfs, 128 MiB, label guest')
assert log('host.log').contains("already there: $key")

def image = new File(cache, "$key/template.img")
assert image.length() == 128 << 20
def check = ['btrfs', 'check', '--readonly', image.path].execute()
def output = check.inputStream.text + check.errorStream.text
assert check.waitFor() == 0 : output
assert ['btrfs', 'filesystem', 'label', image.path].execute().text.trim() == 'guest'

// What virtual machines start with, and what was found out about KVM, is in the same cache. Nothing else is left.
def left = cache.list() as Set
assert left.containsAll(['.initramfs', '.locks', key]) && left.size() == 4
assert new File(cache, '.initramfs').list().every { it ==~ /[0-9a-f]{16}\.cpio|kvm-\d+\.json/ }
