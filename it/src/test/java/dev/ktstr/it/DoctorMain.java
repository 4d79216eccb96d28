package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.maven.doctor.Doctor;
import dev.ktstr.maven.doctor.Surroundings;

/** Examines this machine, for a process of its own. */
final class DoctorMain {
    private DoctorMain() {}

    public static void main(String[] arguments) {
        new Doctor(Surroundings.withoutProject(Environment.system(), false, "1.0", "3.9.16"))
                .examine()
                .lines()
                .forEach(System.out::println);
    }
}
