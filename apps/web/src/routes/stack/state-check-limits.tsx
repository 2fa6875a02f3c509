import { NumberInput, Select, TextInput } from "@mantine/core";
import type { DeviceCheck } from "@netconductor/contracts/devices/checks";
import { RouteProtocol } from "@netconductor/contracts/devices/parsed";
import { type Faults, faultAt } from "./draft.ts";

/** How much is enough, where a kind of state asks for more than being there. */
export function StateCheckLimits({
	check,
	place,
	faults,
	onCheck,
}: {
	check: DeviceCheck;
	/** Where faults speak of it. */
	place: string;
	faults: Faults;
	onCheck: (check: DeviceCheck) => void;
}) {
	if (check.kind === "bgp") {
		return (
			<NumberInput
				label="Prefixes"
				description="That each of them sends at least"
				min={0}
				allowDecimal={false}
				value={shown(check.min_prefixes)}
				error={faultAt(faults, `${place}.min_prefixes`)}
				onChange={(value) => onCheck({ ...check, min_prefixes: numberOf(value) })}
			/>
		);
	}
	if (check.kind === "routes") {
		return (
			<Select
				label="Learnt by"
				placeholder="Any protocol"
				clearable
				clearButtonProps={{ "aria-label": "Learnt by any protocol" }}
				data={RouteProtocol.options}
				value={check.protocol ?? null}
				onChange={(protocol) => {
					const { protocol: _, ...rest } = check;
					onCheck(protocol === null ? rest : { ...rest, protocol: protocol as RouteProtocol });
				}}
			/>
		);
	}
	if (check.kind !== "ping") return null;
	return (
		<>
			<NumberInput
				label="Packets"
				min={1}
				max={100}
				allowDecimal={false}
				value={shown(check.count)}
				error={faultAt(faults, `${place}.count`)}
				onChange={(value) => onCheck({ ...check, count: numberOf(value) })}
			/>
			<NumberInput
				label="Loss it bears"
				description="Of the packets"
				min={0}
				max={100}
				suffix=" %"
				value={shown(check.most_loss_percent)}
				error={faultAt(faults, `${place}.most_loss_percent`)}
				onChange={(value) => onCheck({ ...check, most_loss_percent: numberOf(value) })}
			/>
			<TextInput
				label="Source"
				description="An own address or interface; empty: as the device chooses"
				autoComplete="off"
				spellCheck={false}
				value={check.source ?? ""}
				error={faultAt(faults, `${place}.source`)}
				onChange={({ currentTarget: { value } }) => {
					const { source: _, ...rest } = check;
					onCheck(value.trim() === "" ? rest : { ...rest, source: value.trim() });
				}}
			/>
		</>
	);
}

/** A field that was emptied holds no number: the contract refuses it at its place. */
function numberOf(value: number | string): number {
	return value === "" ? Number.NaN : Number(value);
}

function shown(value: number): number | string {
	return Number.isNaN(value) ? "" : value;
}
