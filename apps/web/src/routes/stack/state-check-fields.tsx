import { ActionIcon, Button, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { DeviceCheck } from "@netconductor/contracts/devices/checks";
import { Icon } from "../../ui/icon.tsx";
import { type Faults, faultAt, type StateCheckDraft } from "./draft.ts";
import styles from "./stack.module.css";
import { StateCheckLimits } from "./state-check-limits.tsx";
import { type CheckKind, checkKinds, newCheck, wantedOf, withWanted } from "./state-checks.ts";

/** Seconds. What is to stand before is there already; after a change sessions come up. */
const withinOf = (when: "before" | "after") => (when === "before" ? 0 : 60);
const kinds = Object.entries(checkKinds).map(([value, { label }]) => ({ value, label }));

/** What each device must know before or after the change, asked in the way of its platform. */
export function StateCheckFields({
	when,
	checks,
	faults,
	onChecks,
}: {
	when: "before" | "after";
	checks: readonly StateCheckDraft[];
	faults: Faults;
	onChecks: (checks: StateCheckDraft[]) => void;
}) {
	const set = (at: number, check: DeviceCheck) =>
		onChecks(checks.map((one, index) => (index === at ? { ...one, check } : one)));
	return (
		<>
			<span className="nc-small nc-dim">
				Asked in the way of each platform until it holds.{" "}
				{when === "before"
					? "A device where one does not hold is left as it is."
					: "A device where one does not hold takes its change back."}
			</span>
			{checks.map(({ key, check }, index) => {
				const title = `State ${index + 1}`;
				const place = `${when === "before" ? "pre_state_checks" : "state_checks"}.${index}`;
				const wanted = wantedOf(check);
				return (
					<fieldset className={styles.service} key={key} aria-label={title}>
						<div className={styles.serviceHead}>
							<h3>{title}</h3>
							<ActionIcon
								variant="subtle"
								color="gray"
								aria-label={`Remove ${title}`}
								title="Remove"
								onClick={() => onChecks(checks.filter((one) => one.key !== key))}
							>
								<Icon name="trash" size={14} />
							</ActionIcon>
						</div>
						<div className={styles.two}>
							<Select
								label="What must hold"
								allowDeselect={false}
								data={kinds}
								value={check.kind}
								onChange={(kind) => kind !== null && set(index, newCheck(kind as CheckKind, check.within_s))}
							/>
							{check.kind === "ping" ? (
								<TextInput
									label={checkKinds.ping.asks}
									withAsterisk
									autoComplete="off"
									spellCheck={false}
									value={check.target}
									error={faultAt(faults, `${place}.target`)}
									onChange={({ currentTarget }) => set(index, { ...check, target: currentTarget.value.trim() })}
								/>
							) : (
								<TagsInput
									label={checkKinds[check.kind].asks}
									description="Enter after each"
									withAsterisk
									acceptValueOnBlur
									value={wanted?.values ?? []}
									error={faultAt(faults, `${place}.${wanted?.field}`)}
									onChange={(values) => set(index, withWanted(check, values))}
								/>
							)}
							{(check.kind === "bgp" || check.kind === "routes") && (
								<Select
									label="Of"
									allowDeselect={false}
									data={[
										{ value: "ipv4", label: "IPv4" },
										{ value: "ipv6", label: "IPv6" },
									]}
									value={check.afi}
									onChange={(afi) => set(index, { ...check, afi: afi === "ipv6" ? "ipv6" : "ipv4" })}
								/>
							)}
							{check.kind !== "interfaces" && (
								<TextInput
									label="VRF"
									description="Empty: the default one"
									autoComplete="off"
									spellCheck={false}
									value={check.vrf ?? ""}
									error={faultAt(faults, `${place}.vrf`)}
									onChange={({ currentTarget: { value } }) => {
										const { vrf: _, ...rest } = check;
										set(index, value.trim() === "" ? rest : { ...rest, vrf: value.trim() });
									}}
								/>
							)}
							<StateCheckLimits
								check={check}
								place={place}
								faults={faults}
								onCheck={(changed) => set(index, changed)}
							/>
							<NumberInput
								label="Within"
								description="How long it may take until it holds"
								min={0}
								max={600}
								allowDecimal={false}
								suffix=" s"
								value={Number.isNaN(check.within_s) ? "" : check.within_s}
								error={faultAt(faults, `${place}.within_s`)}
								onChange={(value) => set(index, { ...check, within_s: value === "" ? Number.NaN : Number(value) })}
							/>
						</div>
					</fieldset>
				);
			})}
			<div>
				<Button
					variant="default"
					leftSection={<Icon name="plus" size={14} />}
					onClick={() => onChecks([...checks, { key: crypto.randomUUID(), check: newCheck("bgp", withinOf(when)) }])}
				>
					Add a state
				</Button>
			</div>
		</>
	);
}
