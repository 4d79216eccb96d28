package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Draws a chart: an SVG that is readable on a light and on a dark page. */
final class ChartSvg {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 360;
    private static final int LEFT = 80;
    private static final int RIGHT = 190;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final int NEXT_LABEL = 18;

    private final Chart chart;
    private final Axis across;
    private final Axis up;
    private final StringBuilder svg = new StringBuilder();

    ChartSvg(Chart chart) {
        this.chart = chart;
        this.across = Axis.over(points(Chart.Point::at), LEFT, WIDTH - RIGHT);
        List<Double> values = new ArrayList<>(points(point -> point.spread().least()));
        values.addAll(points(point -> point.spread().most()));
        this.up = Axis.over(values, HEIGHT - BOTTOM, TOP);
    }

    /** A logarithmic axis from one power of ten to another. */
    private record Axis(int low, int high, double from, double to) {
        static Axis over(List<Double> values, double from, double to) {
            double least =
                    values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
            double most = values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
            int low = (int) Math.floor(Math.log10(least) + 1e-9);
            return new Axis(low, Math.max(low + 1, (int) Math.ceil(Math.log10(most) - 1e-9)), from, to);
        }

        double place(double value) {
            return from + (to - from) * (Math.log10(value) - low) / (high - low);
        }
    }

    private List<Double> points(ToDoubleFunction<Chart.Point> what) {
        return chart.lines().stream()
                .flatMap(line -> line.points().stream())
                .map(what::applyAsDouble)
                .toList();
    }

    String draw() {
        svg.append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="sans-serif" font-size="12">
                <title>%s</title>
                <style>
                text { fill: #24292f } .grid { stroke: #d0d7de } .axis { stroke: #57606a }
                .c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 } .c2 { stroke: #1a7f37; fill: #1a7f37 } .c3 { stroke: #8250df; fill: #8250df }
                text.c0, text.c1, text.c2, text.c3 { stroke: none }
                .band { stroke: none; opacity: 0.2 } .line { fill: none; stroke-width: 2 }
                @media (prefers-color-scheme: dark) {
                text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
                .c0 { stroke: #58a6ff; fill: #58a6ff } .c1 { stroke: #f0883e; fill: #f0883e } .c2 { stroke: #3fb950; fill: #3fb950 } .c3 { stroke: #d2a8ff; fill: #d2a8ff }
                .line { fill: none } .band { stroke: none }
                }
                </style>
                """.formatted(WIDTH, HEIGHT, WIDTH, HEIGHT, escaped(chart.title())));
        text(LEFT, TOP - 18, "start", "font-weight=\"bold\"", chart.title());
        grid();
        for (int i = 0; i < chart.lines().size(); i++) {
            line(chart.lines().get(i), i);
        }
        return svg.append("</svg>\n").toString();
    }

    private void grid() {
        for (int power = across.low; power <= across.high; power++) {
            double x = across.place(Math.pow(10, power));
            stroke("grid", x, TOP, x, HEIGHT - BOTTOM);
            text(x, HEIGHT - BOTTOM + 18, "middle", "", number(power));
        }
        for (int power = up.low; power <= up.high; power++) {
            double y = up.place(Math.pow(10, power));
            stroke("grid", LEFT, y, WIDTH - RIGHT, y);
            text(
                    LEFT - 8,
                    y + 4,
                    "end",
                    "",
                    chart.unit().format(Math.pow(10, power)).replaceFirst("\\.0+ ", " "));
        }
        stroke("axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        stroke("axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12, "middle", "", chart.along());
    }

    private void line(Chart.Line line, int index) {
        StringBuilder middle = new StringBuilder();
        StringBuilder above = new StringBuilder();
        StringBuilder below = new StringBuilder();
        for (Chart.Point point : line.points()) {
            double x = across.place(point.at());
            double y = up.place(point.spread().median());
            middle.append(at(x, y)).append(' ');
            above.append(at(x, up.place(point.spread().most()))).append(' ');
            below.insert(0, at(x, up.place(point.spread().least())) + " ");
            svg.append(format("<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", index, x, y));
        }
        svg.append(format("<polygon class=\"c%d band\" points=\"%s\"/>\n", index, (above.toString() + below).strip()));
        svg.append(format(
                "<polyline class=\"c%d line\" points=\"%s\"/>\n",
                index, middle.toString().strip()));
        double y = TOP + 10 + (double) index * NEXT_LABEL;
        stroke("c" + index + " line", WIDTH - RIGHT + 12, y - 4, WIDTH - RIGHT + 28, y - 4);
        text(WIDTH - RIGHT + 34, y, "start", "", line.label());
    }

    private void stroke(String style, double x1, double y1, double x2, double y2) {
        svg.append(format(
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", style, x1, y1, x2, y2));
    }

    private void text(double x, double y, String anchor, String more, String text) {
        svg.append(format(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n", x, y, anchor, more, escaped(text)));
    }

    private static String at(double x, double y) {
        return format("%.1f,%.1f", x, y);
    }

    private static String number(int power) {
        return power < 0 ? format("%." + -power + "f", Math.pow(10, power)) : format("%,.0f", Math.pow(10, power));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("`", "");
    }
}
