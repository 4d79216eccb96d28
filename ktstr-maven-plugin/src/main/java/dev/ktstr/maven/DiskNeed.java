package dev.ktstr.maven;

import dev.ktstr.disk.DiskSpec;

/** A disk template that a project needs, and who formats it if it is not there. */
record DiskNeed(DiskSpec spec, TemplateMaker.Formatter formatter) {}
