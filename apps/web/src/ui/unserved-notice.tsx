import { Notice } from "./notice.tsx";
import { count } from "./words.ts";

/** Work of a pool in which no worker takes any: operations, or a procedure of which the next step is that pool's. */
export function UnservedNotice({
	pool,
	waiting,
	procedure = false,
}: {
	pool: string;
	waiting: number;
	procedure?: boolean;
}) {
	const what = procedure ? "The procedure" : count(waiting, "operation");
	return (
		<Notice
			tone="bad"
			icon="unplugged"
			title={`${what} ${procedure || waiting === 1 ? "waits" : "wait"} for a worker of the pool ${pool}: none runs`}
		>
			<span>
				{procedure
					? "Only workers of this pool carry out what comes next. Start one at its site: "
					: "Only workers of this pool reach the devices. Start one at its site: "}
				<code>netconductor serve --targets=worker --worker-pool={pool}</code>.{" "}
				{procedure
					? "Devices are of the pools they were of when it was started: where they belong to another one by now, cancel it and begin it anew."
					: "Where the devices belong to another pool by now, what waits moves there by itself."}
			</span>
		</Notice>
	);
}
