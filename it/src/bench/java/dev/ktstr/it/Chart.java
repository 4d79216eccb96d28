package dev.ktstr.it;

import java.util.List;

/**
 * How something grows: lines over logarithmic axes.
 *
 * @param name of its file, without {@code .svg}
 * @param along what grows, with its unit
 */
record Chart(String name, String title, String along, Unit unit, List<Line> lines) {
    /** One of them. */
    record Line(String label, List<Point> points) {}

    /** One measurement. */
    record Point(double at, Spread spread) {}
}
