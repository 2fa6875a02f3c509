export interface EndOfCall {
	/** Aborts when nobody waits any longer. */
	signal: AbortSignal;
	/** Whether it was the deadline that came, and not the caller that went away. */
	isLate(): boolean;
	/** To be called when the call is over: gives the timer back. */
	forget(): void;
}

/**
 * When nobody waits for a call any longer: its deadline (an instant of `performance.now()`), or the caller going away. Less work than
 * `AbortSignal.any` and `AbortSignal.timeout`, which every call would pay, the second one until its time is up.
 */
export function endOf(caller: AbortSignal | undefined, deadline_at: number): EndOfCall {
	const ended = new AbortController();
	let late = false;
	const onGone = () => ended.abort(caller?.reason);
	const timer = setTimeout(
		() => {
			late = true;
			ended.abort("deadline");
		},
		Math.max(0, deadline_at - performance.now()),
	);
	if (caller?.aborted) onGone();
	else caller?.addEventListener("abort", onGone, { once: true });
	return {
		signal: ended.signal,
		isLate: () => late,
		forget() {
			clearTimeout(timer);
			caller?.removeEventListener("abort", onGone);
		},
	};
}
