import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { useEffect, useState } from "react";
import { Notice } from "../ui/notice.tsx";
import { ProblemAlert } from "../ui/problem.tsx";

/** Seconds after which the server takes another try, where it said so. */
function pauseOf(error: unknown): number | undefined {
	if (!(error instanceof ApiProblem)) return undefined;
	const { retry_after_seconds, retry_after_s } = error.problem.details ?? {};
	const seconds = retry_after_seconds ?? retry_after_s;
	return typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : undefined;
}

/** Seconds that are left until another try is of use; 0 where nothing holds it up. */
export function usePause(error: unknown): number {
	const [left, setLeft] = useState(0);
	useEffect(() => {
		const until = Date.now() + (pauseOf(error) ?? 0) * 1000;
		const count = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
		count();
		const timer = setInterval(() => {
			count();
			if (Date.now() >= until) clearInterval(timer);
		}, 250);
		return () => clearInterval(timer);
	}, [error]);
	return left;
}

/** Why signing in failed; after too many tries, how long to wait. */
export function SignInProblem({ error, pause }: { error: unknown; pause: number }) {
	if (error === null || error === undefined) return null;
	if (pauseOf(error) === undefined) return <ProblemAlert error={error} />;
	return (
		<Notice tone="warn" icon="clock" title="Too many attempts to sign in" role="alert">
			{pause > 0 ? (
				// Read out once: a screen reader that counts along would drown everything else.
				<div>
					You can try again in <span aria-hidden="true">{pause}</span>
					<span className="nc-visually-hidden">{pauseOf(error)}</span> {pause === 1 ? "second" : "seconds"}.
				</div>
			) : (
				<div>You can try again now.</div>
			)}
		</Notice>
	);
}
