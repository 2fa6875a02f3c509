import type { CoverageStatus } from "@netconductor/contracts/backup/model";
import type { z } from "zod";
import type { Look } from "./state.tsx";

/** The newest good backup of a device: fresh, older than it should be, or none. */
export const coverageLooks: Record<z.infer<typeof CoverageStatus>, Look> = {
	good: { tone: "good", icon: "ok", word: "Fresh" },
	stale: { tone: "warn", icon: "clock", word: "Stale" },
	never: { tone: "bad", icon: "cross", word: "None" },
};
