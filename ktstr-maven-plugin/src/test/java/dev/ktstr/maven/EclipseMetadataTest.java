package dev.ktstr.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

class EclipseMetadataTest {
    private static Document read(String resource) throws Exception {
        try (InputStream in = Objects.requireNonNull(
                EclipseMetadataTest.class.getResourceAsStream("/META-INF/" + resource), resource)) {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
        }
    }

    private static List<String> texts(NodeList nodes) {
        return IntStream.range(0, nodes.getLength())
                .mapToObj(nodes::item)
                .map(Node::getTextContent)
                .toList();
    }

    /** Without this an import into Eclipse marks the POM red. */
    @Test
    void everyGoalIsIgnored() throws Exception {
        Document metadata = read("m2e/lifecycle-mapping-metadata.xml");
        assertThat(metadata.getElementsByTagName("action")
                        .item(0)
                        .getTextContent()
                        .strip())
                .isEmpty();
        assertThat(metadata.getElementsByTagName("ignore").getLength()).isEqualTo(1);

        NodeList mojos = read("maven/plugin.xml").getElementsByTagName("mojo");
        List<String> goals = IntStream.range(0, mojos.getLength())
                .mapToObj(mojos::item)
                .map(mojo -> mojo.getFirstChild().getNextSibling().getTextContent())
                .filter(goal -> !goal.equals("help"))
                .toList();
        assertThat(goals).contains("prepare", "kernel-store");
        assertThat(texts(metadata.getElementsByTagName("goal"))).containsAll(goals);
    }
}
