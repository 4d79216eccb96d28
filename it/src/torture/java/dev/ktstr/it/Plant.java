package dev.ktstr.it;

/** Puts something of another user's where something of ours belongs. */
interface Plant {
    void in(PlantedPlace place) throws Exception;
}
