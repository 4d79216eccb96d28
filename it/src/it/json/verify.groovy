import groovy.json.JsonSlurper

def fields = ['key', 'path', 'version', 'source', 'arch', 'built_at', 'ktstr_kconfig_hash', 'extra_kconfig_hash',
              'kconfig_status', 'eol', 'config_hash', 'image_name', 'image_path', 'has_vmlinux', 'vmlinux_stripped']
def check = { text ->
    def document = new JsonSlurper().parseText(text)
    assert document.keySet() == ['current_ktstr_kconfig_hash', 'active_prefixes_fetch_error', 'entries'] as Set
    assert document.entries.size() == 2
    def (valid, corrupt) = document.entries
    assert valid.keySet() == fields as Set
    assert valid.key == 'k'
    assert valid.source == [type: 'local', source_tree_path: null, git_hash: null]
    assert valid.version ==~ /\d+\.\d+(\.\d+)?/
    assert valid.config_hash ==~ /[0-9a-f]{8}/
    assert valid.kconfig_status == 'untracked'
    assert valid.eol == null
    assert valid.has_vmlinux && valid.vmlinux_stripped
    assert new File(valid.image_path).file
    assert corrupt.keySet() == ['key', 'path', 'error', 'error_kind'] as Set
    assert corrupt.key == 'broken' && corrupt.error == 'metadata.json missing' && corrupt.error_kind == 'missing'
}
check(new File(basedir, 'target/kernels.json').text)
// Under -q nothing but the document is printed, whatever colours the distribution's Maven resets.
check(new File(basedir, 'quiet.log').text.replaceAll('\u001B\\[[0-9;]*m', ''))
