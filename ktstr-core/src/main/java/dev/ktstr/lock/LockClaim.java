package dev.ktstr.lock;

/**
 * A lock that is wanted, and how. Claims of one {@link Flock} object in one mode are equal; another object is another claim,
 * also if it is for the same file.
 */
public record LockClaim(Flock lock, FlockMode mode) {}
