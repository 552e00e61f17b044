-- What wrk sends for acceptance/4-02: claims with tokens made beforehand. Everything is written
-- before the first connection, so that asking costs the crowd's core next to nothing.
--
-- From the environment: FLOOD_TOKENS, a file of `fan<TAB>token`; FLOOD_HOST; FLOOD_DROP;
-- FLOOD_LOOK, a command that is run with `before` and `after`, as near to the round as can be.

local requests, at = {}, 0

function init(args)
   local body = '{"item":"unit","quantity":1}'
   local head = "POST /api/v1/drops/" .. os.getenv("FLOOD_DROP") .. "/claims HTTP/1.1\r\n"
      .. "Host: " .. os.getenv("FLOOD_HOST") .. "\r\nContent-Type: application/json\r\n"
      .. "Content-Length: " .. #body .. "\r\nAuthorization: Bearer "
   local tail = "\r\n\r\n" .. body
   for line in io.lines(os.getenv("FLOOD_TOKENS")) do
      requests[#requests + 1] = head .. line:match("\t(.*)") .. tail
   end
   collectgarbage("collect")
   -- Nothing is thrown away from here on, and there is much to walk through.
   collectgarbage("stop")
   os.execute(os.getenv("FLOOD_LOOK") .. " before")
end

-- Each is asked once. Where they run out, the last is asked again, which the server counts.
function request()
   at = at + 1
   return requests[at] or requests[#requests]
end

function done(summary, latency)
   os.execute(os.getenv("FLOOD_LOOK") .. " after")
   local errors = summary.errors
   io.write(string.format("flood %d %d %d %d %d %d\n", summary.requests, summary.duration,
      errors.status, errors.connect + errors.read + errors.write, errors.timeout,
      latency:percentile(99)))
end
