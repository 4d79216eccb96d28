package dev.ktstr.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopologyTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0|0", "0-3|0-3", "0,2-3,1|0-3", "0,2,4-5,7|0,2,4-5,7", "''|''", "3-2|''"})
    void listsAreReadAndWritten(String text, String again) {
        assertThat(CpuList.format(CpuList.parse(text))).isEqualTo(again);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "0-", "-1", "0,,1", "0-99999999", "1:2"})
    void whatIsNoListIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuList.parse(text))
                .withMessageContaining(text);
    }

    @Test
    void theHighestCacheThatIsNotForInstructionsAloneIsTheLast() throws Exception {
        Topology topology = SysfsFixture.twoSockets(directory).topology();
        assertThat(topology.caches()).extracting(LastLevelCache::index).containsExactly(0, 1);
        assertThat(topology.caches()).extracting(LastLevelCache::node).containsExactly(0, 1);
        assertThat(topology.caches()).extracting(LastLevelCache::cpus).hasToString("[[0, 1, 2, 3], [4, 5, 6, 7]]");
        assertThat(topology.nodeOf(5)).hasValue(1);
        assertThat(topology.nodeOf(8)).isEqualTo(OptionalInt.empty());
        assertThat(topology.distance(0, 1)).isEqualTo(21);
    }

    @Test
    void cachesAreCountedByTheirIdsAndWithoutThemByTheirFirstCpus() throws Exception {
        // As on machines that number the threads of cores after the cores.
        SysfsFixture fixture =
                SysfsFixture.withCpus(directory, "0-7").cache("2-3,6-7").cache("0-1,4-5");
        assertThat(fixture.topology().caches())
                .extracting(LastLevelCache::cpus)
                .hasToString("[[0, 1, 4, 5], [2, 3, 6, 7]]");
        for (int cpu : List.of(0, 1, 4, 5)) {
            fixture.write("cpu/cpu" + cpu + "/cache/index2/id", "8");
        }
        assertThat(fixture.topology().caches())
                .extracting(LastLevelCache::cpus)
                .hasToString("[[2, 3, 6, 7], [0, 1, 4, 5]]");
    }

    @Test
    void whatIsNotAllowedIsLeftOutAndACacheHasAllCpusThatAreOnline() throws Exception {
        Topology topology = SysfsFixture.withCpus(directory, "0-2,4-5")
                .allowing("1-2,4-5")
                .cache("0-3")
                .cache("4-7")
                .topology();
        assertThat(topology.allowed()).containsExactly(1, 2, 4, 5);
        assertThat(topology.caches()).extracting(LastLevelCache::cpus).hasToString("[[0, 1, 2], [4, 5]]");
    }

    /** As lxcfs does it. */
    @Test
    void whatIsAllowedCountsThoughItBeShownAsOffline() throws Exception {
        Topology topology = SysfsFixture.withCpus(directory, "0-1")
                .allowing("4-5")
                .cache("0-3")
                .cache("4-7")
                .topology();
        assertThat(topology.allowed()).containsExactly(4, 5);
        assertThat(topology.caches()).extracting(LastLevelCache::cpus).hasToString("[[0, 1], [4, 5]]");
    }

    @Test
    void withoutCachesAllCpusShareOne() throws Exception {
        SysfsFixture fixture = SysfsFixture.withCpus(directory, "0-3")
                .node(0, "0-1", "10 20")
                .node(2, "2-3", "20 10")
                .node(3, "", "30 30");
        assertThat(fixture.topology().caches()).extracting(LastLevelCache::cpus).hasToString("[[0, 1, 2, 3]]");
        assertThat(fixture.topology().distance(0, 2)).isEqualTo(20);
        assertThat(fixture.topology().distance(0, 7)).isEqualTo(255);
    }

    @Test
    void aCacheIsOnTheNodeOfMostOfItsCpus() throws Exception {
        Topology topology = SysfsFixture.withCpus(directory, "0-3")
                .cache("0-3")
                .node(0, "0", "10 20")
                .node(1, "1-3", "20 10")
                .topology();
        assertThat(topology.caches()).extracting(LastLevelCache::node).isEqualTo(List.of(1));
    }

    @Test
    void nonsenseIsNamed() throws Exception {
        SysfsFixture fixture = SysfsFixture.withCpus(directory, "0-1");
        fixture.write("cpu/online", "zero");
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(fixture::topology)
                .withMessageContaining("no list of CPUs: zero");
    }

    @Test
    void thisMachineHasCpusAndEachHasACache() throws Exception {
        Topology here = Topology.read();
        // Not availableProcessors(), which also heeds the quota of a container.
        String shown = Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1))
                .findFirst()
                .orElseThrow();
        Set<Integer> usable = CpuList.parse(shown);
        usable.retainAll(CpuList.parse(Files.readString(Path.of("/sys/devices/system/cpu/online"))));
        assertThat(here.allowed()).isNotEmpty().isEqualTo(usable);
        assertThat(here.allowed())
                .allMatch(cpu ->
                        here.caches().stream().anyMatch(cache -> cache.cpus().contains(cpu)));
    }
}
