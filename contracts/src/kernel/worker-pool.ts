import { z } from "zod";

/** Name of a pool of workers: those of one site, which reach its devices. */
export const WorkerPool = z.string().regex(/^[a-z0-9-]{1,40}$/, "Lower-case letters, digits and - only, at most 40");

/** Pool of workers and devices of which nothing else is said. */
export const defaultWorkerPool = "default";
