import type { Run } from "@netconductor/contracts/tasks/model";

/** How far a run is: what succeeded, was left out, failed. */
export function RunProgress({ run: { counts, total } }: { run: Run }) {
	const failed = counts.failed + counts.unknown;
	const left_out = counts.skipped + counts.cancelled;
	const done = counts.succeeded + failed + left_out;
	const share = (part: number) => `${total === 0 ? 0 : (part / total) * 100}%`;
	return (
		<div
			className="nc-bar"
			role="progressbar"
			aria-label="Progress"
			aria-valuemin={0}
			aria-valuemax={total}
			aria-valuenow={done}
			aria-valuetext={`${done} of ${total} done, ${failed} failed`}
		>
			<span style={{ width: share(counts.succeeded), background: "var(--nc-good-bar)" }} />
			<span style={{ width: share(left_out), background: "var(--nc-calm)" }} />
			<span style={{ width: share(failed), background: "var(--nc-bad-bar)" }} />
		</div>
	);
}
