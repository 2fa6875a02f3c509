import { z } from "zod";

/** UUID (version 7 when we make it, so that ids sort by time of creation). */
export const Id = z.uuid();

/** Instant in UTC, RFC 3339 with milliseconds. */
export const Timestamp = z.iso.datetime({ offset: true });
