import type { LiveState as State } from "../api/live.ts";
import { Icon } from "../ui/icon.tsx";

/** Says when the page no longer hears of changes; while it does there is nothing to say. */
export function LiveState({ state }: { state: State }) {
	return (
		<span aria-live="polite" className="nc-small">
			{state === "lost" && (
				<span className="nc-state nc-warn" title="The server does not answer; it is tried again by itself">
					<Icon name="unplugged" size={14} />
					<span className="nc-live-word">Connection lost, trying again</span>
				</span>
			)}
		</span>
	);
}
