import type { Run } from "@netconductor/contracts/tasks/model";
import { useEffect, useState } from "react";
import { duration } from "../../ui/words.ts";

const tick_ms = 1_000;

/** How long a run took, or goes on for. */
export function Took({ run: { started_at, finished_at } }: { run: Run }) {
	const [now, setNow] = useState(Date.now);
	const goesOn = started_at !== null && finished_at === null;
	useEffect(() => {
		if (!goesOn) return;
		const timer = setInterval(() => setNow(Date.now()), tick_ms);
		return () => clearInterval(timer);
	}, [goesOn]);
	if (started_at === null) return null;
	const from = new Date(started_at).getTime();
	if (finished_at !== null) return <>Took {duration(new Date(finished_at).getTime() - from)}</>;
	// Clocks differ a little; nothing runs for less than no time.
	return <>For {duration(Math.max(0, Math.floor((now - from) / 1000)) * 1000)}</>;
}
