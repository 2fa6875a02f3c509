import { Button } from "@mantine/core";
import { Empty } from "../../ui/empty.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";

/** What to do first. */
export function NoDevices({ mayAdd, onAdd }: { mayAdd: boolean; onAdd: () => void }) {
	return (
		<section className="nc-panel" aria-label="No devices yet">
			{mayAdd ? (
				<Empty
					title="No devices yet"
					actions={
						<>
							<Button onClick={onAdd}>Add device</Button>
							<ButtonLink to="/devices/import" variant="default">
								Import a file
							</ButtonLink>
						</>
					}
				>
					Add the first one with its address and a login: NetConductor then reads its configuration, keeps every
					version, and shows what changes. Many at once come from a CSV or JSON file. No device at hand: the{" "}
					<TextLink to="/">dashboard</TextLink> says how to start simulated ones.
				</Empty>
			) : (
				<Empty title="No devices yet">Somebody whose role may add devices has to do that first.</Empty>
			)}
		</section>
	);
}
