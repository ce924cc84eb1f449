-- For wrk: paths that nobody has published an answer under. Every answer has to be an empty 404.
-- The arguments: a seed, and a token that is published.
local id = 0
local threads = {}

function setup(thread)
   thread:set("id", id)
   id = id + 1
   table.insert(threads, thread)
end

local base = "/.well-known/acme-challenge/"
local requests = {}

function init(args)
   math.randomseed(tonumber(args[1]) + (id or 0))
   wrong = 0
   local token = args[2]
   local noise = function(length)
      local bytes = {}
      for i = 1, length do bytes[i] = string.char(math.random(33, 126)) end
      return table.concat(bytes)
   end
   local kinds = {
      function() return "/" .. noise(math.random(1, 60)) end,
      function() return base .. noise(43) end,
      function() return base .. token .. noise(1) end,
      function() return base .. string.sub(token, 1, math.random(0, #token - 1)) end,
      function() return base .. "..%2f..%2f" .. noise(5) end,
      function() return "/." .. base .. token end,
      function() return base .. token .. "?" .. noise(20) end,
      function() return base .. string.rep("a", math.random(1, 6000)) end,
   }
   -- Made before, or wrk would be what is measured.
   for i = 1, 8000 do
      local host = math.random(2) == 1 and "a.test" or string.format("%x.test", math.random(2 ^ 30))
      local from = string.format("10.%d.%d.%d", math.random(255), math.random(255), math.random(255))
      requests[i] = wrk.format(nil, kinds[math.random(#kinds)](),
         { Host = host, ["X-Forwarded-For"] = from })
   end
end

function request()
   return requests[math.random(#requests)]
end

function response(status, headers, body)
   if status ~= 404 or #body > 0 then wrong = wrong + 1 end
end

function done(summary, latency)
   local sum = 0
   for _, thread in ipairs(threads) do sum = sum + thread:get("wrong") end
   local e = summary.errors
   io.write(string.format("\njunk %d %d %d %d\n", summary.requests, summary.duration / 1000, sum,
      e.connect + e.read + e.write + e.timeout))
end
