import groovy.json.JsonSlurper

def stored = new File(basedir, 'cache').listFiles().find { it.name.contains('-tree-') }
assert stored != null
def metadata = new JsonSlurper().parse(new File(stored, 'metadata.json'))
assert metadata.source.type == 'local'
assert metadata.source.source_tree_path == new File(basedir, 'linux').canonicalPath
assert metadata.source.git_hash ==~ /[0-9a-f]{7}/
assert metadata.has_vmlinux && metadata.vmlinux_stripped
assert metadata.config_hash != null
assert new File(basedir, 'no-tree.log').text.contains('KT-STORE-05')
