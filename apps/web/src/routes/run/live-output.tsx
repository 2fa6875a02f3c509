import { Checkbox } from "@mantine/core";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useLayoutEffect, useRef, useState } from "react";
import { Panel } from "../../ui/page.tsx";
import { count } from "../../ui/words.ts";
import type { LiveRun } from "./use-live-run.ts";

/** What the devices and the steps say, as they say it. Follows the end unless one scrolls up. */
export function LiveOutput({ live: { output, left_out, state } }: { live: LiveRun }) {
	const [following, setFollowing] = useState(true);
	const box = useRef<HTMLDivElement>(null);
	// biome-ignore lint/correctness/useExhaustiveDependencies: it follows whenever there is more
	useLayoutEffect(() => {
		if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
	}, [output, following]);
	return (
		<Panel
			title="Output"
			actions={
				<Checkbox
					size="xs"
					label="Follow"
					checked={following}
					onChange={({ currentTarget }) => setFollowing(currentTarget.checked)}
				/>
			}
		>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
			<div ref={box} className="nc-code nc-output" role="log" aria-label="Output of the run" tabIndex={0}>
				{left_out > 0 && (
					<div className="nc-dim">
						{count(left_out, "earlier piece")} of output not shown here; the API has them all.
					</div>
				)}
				{output.map(({ seq, device_name, text }, index) => (
					<div key={seq} className="nc-said">
						<span className="nc-speaker" title={visibleLine(device_name)}>
							{output[index - 1]?.device_name !== device_name && visibleLine(device_name)}
						</span>
						<span>{visibleText(text).trimEnd()}</span>
					</div>
				))}
				{output.length === 0 && (
					<span className="nc-dim">
						{state === "ended" || state === "refused" ? "This run said nothing." : "Nothing yet."}
					</span>
				)}
			</div>
		</Panel>
	);
}
