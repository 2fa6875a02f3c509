import { Notice } from "./notice.tsx";
import { count } from "./words.ts";

/** Work of a pool in which no worker takes any. */
export function UnservedNotice({ pool, waiting }: { pool: string; waiting: number }) {
	return (
		<Notice
			tone="bad"
			icon="unplugged"
			title={`${count(waiting, "operation")} ${waiting === 1 ? "waits" : "wait"} for a worker of the pool ${pool}: none runs`}
		>
			<span>
				Only workers of this pool reach the devices. Start one at its site:{" "}
				<code>netconductor serve --targets=worker --worker-pool={pool}</code>. Where the devices belong to another pool
				by now, what waits moves there by itself.
			</span>
		</Notice>
	);
}
