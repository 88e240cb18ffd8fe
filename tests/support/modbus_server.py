"""A Modbus/TCP device by Debian's pymodbus: unit 1 with holding registers 100 to 109, which hold 1000 to 1009.

Prints "PORT n" when it is ready, then a line for each use of its registers.
"""
import asyncio

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer


class ToldRegisters(ModbusSequentialDataBlock):
    """Registers that tell what is done with them."""

    def getValues(self, address, count=1):
        values = super().getValues(address, count)
        print("READ", address, *values, flush=True)
        return values

    def setValues(self, address, values):
        super().setValues(address, values)
        print("WRITE", address, *values, flush=True)


async def main():
    registers = ToldRegisters(100, list(range(1000, 1010)))
    unit = ModbusSlaveContext(hr=registers, zero_mode=True)
    context = ModbusServerContext(slaves={1: unit}, single=False)
    server = ModbusTcpServer(context, address=("127.0.0.1", 0))
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print("PORT", server.server.sockets[0].getsockname()[1], flush=True)
    await serving


asyncio.run(main())
