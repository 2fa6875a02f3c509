import { Kbd, Modal } from "@mantine/core";
import { useKeys } from "./keys.ts";

/** Every key that does something now. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
	const keys = useKeys();
	const groups = Map.groupBy(keys, ({ group }) => group);
	return (
		<Modal opened onClose={onClose} title="Keys" size="lg">
			<div className="nc-keys">
				{[...groups].map(([group, list]) => (
					<section key={group} aria-label={group}>
						<h2 className="nc-small nc-dim">{group}</h2>
						<dl>
							{list.map(({ keys: combination, does }) => (
								<div key={combination}>
									<dt>
										{combination.split(" ").map((key) => (
											<Kbd key={key} size="xs">
												{key}
											</Kbd>
										))}
									</dt>
									<dd>{does}</dd>
								</div>
							))}
						</dl>
					</section>
				))}
			</div>
		</Modal>
	);
}
