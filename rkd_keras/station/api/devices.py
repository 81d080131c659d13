"""Devices and their coils."""

from fastapi import APIRouter, Response

from rkd_keras.station.api.access import (
    Engineer,
    Id,
    Operator,
    TheStation,
    find_device,
    problems,
)
from rkd_keras.station.api.models import (
    CoilBody,
    DeviceBody,
    DeviceChange,
    DeviceOut,
    NormalOut,
)
from rkd_keras.station.coil_map import coil_map
from rkd_keras.station.device import DeviceSettings
from rkd_keras.station.device_view import coil_view, device_view
from rkd_keras.station.store import devices as table

router = APIRouter(prefix="/api/v1", tags=["devices"])


@router.get("/devices", response_model=list[DeviceOut], responses=problems())
def list_devices(station: TheStation, account: Operator):
    """List the devices with their state and frame rate."""
    return [device_view(device) for device in station.devices.all()]


@router.post(
    "/devices",
    response_model=DeviceOut,
    status_code=201,
    responses=problems(422, 507),
)
def create_device(body: DeviceBody, station: TheStation, account: Engineer):
    """Add a device and start it."""
    device = station.actions.add_device(
        account,
        body.name,
        body.source.model_dump(),
        DeviceSettings(**body.settings.model_dump()),
        body.id,
    )
    return device_view(device)


@router.get(
    "/devices/{device_id}", response_model=DeviceOut, responses=problems(404, 422)
)
def get_device(device_id: str, station: TheStation, account: Operator):
    """Return a device."""
    return device_view(find_device(station, device_id))


@router.patch(
    "/devices/{device_id}", response_model=DeviceOut, responses=problems(404, 422, 507)
)
def change_device(
    device_id: str, body: DeviceChange, station: TheStation, account: Engineer
):
    """Change a device's name or settings."""
    device = find_device(station, device_id)
    settings = body.settings and DeviceSettings(**body.settings.model_dump())
    station.actions.change_device(account, device, body.name, settings)
    return device_view(device)


@router.get(
    "/devices/{device_id}/normal",
    response_model=NormalOut,
    responses=problems(404, 422),
)
def get_normal(device_id: str, station: TheStation, account: Operator):
    """Tell how far a device is in learning what its surface normally looks like."""
    device = find_device(station, device_id)
    return {"state": station.normal.state(device)}


@router.post(
    "/devices/{device_id}/normal",
    response_model=NormalOut,
    responses=problems(404, 422, 507),
)
def learn_normal(device_id: str, station: TheStation, account: Engineer):
    """Have a device learn what is normal from what people called no defect."""
    device = find_device(station, device_id)
    station.actions.learn_normal(account, device)
    return {"state": station.normal.state(device)}


@router.delete(
    "/devices/{device_id}/normal",
    status_code=204,
    response_class=Response,
    responses=problems(404, 422, 507),
)
def forget_normal(device_id: str, station: TheStation, account: Engineer):
    """Have a device learn anew what is normal, from its next frames."""
    device = find_device(station, device_id)
    station.actions.forget_normal(account, device)
    return Response(status_code=204)


@router.delete(
    "/devices/{device_id}",
    status_code=204,
    response_class=Response,
    responses=problems(404, 422, 507),
)
def remove_device(device_id: str, station: TheStation, account: Engineer):
    """Remove a device; one that has stored frames is stopped and stays."""
    device = find_device(station, device_id)
    station.actions.remove_device(account, device)
    return Response(status_code=204)


@router.post(
    "/devices/{device_id}/start",
    response_model=DeviceOut,
    responses=problems(404, 422, 507),
)
def start_device(device_id: str, station: TheStation, account: Operator):
    """Start a device."""
    device = find_device(station, device_id)
    station.actions.start_device(account, device)
    return device_view(device)


@router.post(
    "/devices/{device_id}/stop",
    response_model=DeviceOut,
    responses=problems(404, 422, 507),
)
def stop_device(device_id: str, station: TheStation, account: Operator):
    """Stop a device; it stays stopped when the station starts again."""
    device = find_device(station, device_id)
    station.actions.stop_device(account, device)
    return device_view(device)


@router.post(
    "/devices/{device_id}/coil",
    response_model=dict,
    status_code=201,
    responses=problems(404, 422, 507),
)
def start_coil(device_id: str, body: CoilBody, station: TheStation, account: Operator):
    """Begin a coil; the one that runs ends. Positions count from now."""
    device = find_device(station, device_id)
    return coil_view(
        station.actions.start_coil(account, device, body.name, body.speed_m_s)
    )


@router.delete(
    "/devices/{device_id}/coil",
    status_code=204,
    response_class=Response,
    responses=problems(404, 422, 507),
)
def end_coil(device_id: str, station: TheStation, account: Operator):
    """End the coil that runs."""
    device = find_device(station, device_id)
    station.actions.end_coil(account, device)
    return Response(status_code=204)


@router.get("/coils", response_model=list[dict], responses=problems())
def list_coils(station: TheStation, account: Operator):
    """List the newest coils."""
    with station.store.read() as connection:
        return [coil_view(coil) for coil in table.list_coils(connection)]


@router.get("/coils/{coil_id}/map", response_model=dict, responses=problems(404, 422))
def get_coil_map(coil_id: Id, station: TheStation, account: Operator):
    """Return where along a coil its defects lie, by class and severity."""
    return coil_map(station.store, coil_id)
